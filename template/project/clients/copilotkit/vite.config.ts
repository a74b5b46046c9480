import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The page asks its own origin, and this passes it on: the agent needs no CORS.
const proxy = { "/invocations": `http://127.0.0.1:${process.env.PORT || 8080}` };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
  test: { environment: "jsdom", server: { deps: { inline: [/@copilotkit/] } } },
});
