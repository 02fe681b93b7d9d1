import { config } from "zod";

// zod would try to compile its schemas with `new Function`, which the studio's content security policy forbids and the
// browser reports as an error. Imported before anything that makes a schema.
config({ jitless: true });
