import "./zod-without-eval.ts";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { queryClient } from "./api/query-client.ts";
import { router } from "./routes.tsx";
import "./style.css";
import { Toaster } from "./ui/toaster.tsx";
import { TooltipProvider } from "./ui/tooltip.tsx";

createRoot(document.getElementById("root")!).render(
  <QueryClientProvider client={queryClient}>
    <TooltipProvider delay={500}>
      <Toaster>
        <RouterProvider router={router} />
      </Toaster>
    </TooltipProvider>
  </QueryClientProvider>,
);
