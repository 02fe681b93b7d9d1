import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` finds a server or the mock (`npm run mock`). */
const server = process.env["ARC_SERVER"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  build: { target: "es2023", outDir: "dist", emptyOutDir: true, chunkSizeWarningLimit: 800 },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/login": server,
      "/docs": server,
      "/openapi.json": server,
    },
  },
});
