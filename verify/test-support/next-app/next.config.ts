import type { NextConfig } from "next";

const config: NextConfig = {
  skipTrailingSlashRedirect: true,
  // The packages are resolved from source, as in all tests. The application runs two folders below the repository's root.
  turbopack: {
    resolveAlias: {
      "@breezeway/verify/next": "../../verify/src/adapters/next.ts",
      "@breezeway/shared": "../../shared/src/index.ts",
      "@breezeway/shared/schemas": "../../shared/src/schemas.ts",
    },
  },
};

export default config;
