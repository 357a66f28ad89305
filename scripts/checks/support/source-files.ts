import { glob } from "node:fs/promises";

/** The shipped sources of a workspace, relative to the root, without tests and their support. */
export async function sourceFiles(root: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(`${folder}/src/**/*.{ts,tsx}`, { cwd: root })) {
    const path = file.replaceAll("\\", "/");
    if (!/\.test(-d)?\.tsx?$|\/test-support\//u.test(path)) files.push(path);
  }
  return files.toSorted();
}
