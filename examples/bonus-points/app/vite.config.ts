import { breezeway } from "@breezeway/guest/vite";
import { env } from "node:process";
import { defineConfig } from "vite";

// The hosts that may embed the app, and the address of its backend.
const hostOrigins = (env["HOST_ORIGINS"] ?? "http://localhost:4600").split(" ");
const proxy = { "/api": env["BACKEND_URL"] ?? "http://127.0.0.1:5174" };

export default defineConfig({
  plugins: [breezeway({ hostOrigins })],
  server: { proxy },
  preview: { proxy },
});
