import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The page asks its own origin, and this passes it on: the agent needs no CORS.
const proxy = { "/invocations": `http://127.0.0.1:${process.env.PORT || 8080}` };

// What the page needs at once, in pieces that load side by side and stay in the browser's cache when ours changes.
// Languages and diagrams are pieces of their own, loaded when an answer has one.
const groups = [
  { name: "react", test: /node_modules\/(react|react-dom|scheduler)\//, tags: ["$initial"] },
  { name: "packages", test: /node_modules\//, tags: ["$initial"], maxSize: 1_500_000 },
];

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
  build: { rolldownOptions: { output: { strictExecutionOrder: true, codeSplitting: { groups } } } },
  test: { environment: "jsdom", server: { deps: { inline: [/@copilotkit/] } } },
});
