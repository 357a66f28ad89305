import { useCallback, useEffect, useState } from "react";

interface Loaded<T> {
  value: T | undefined;
  problem: string | undefined;
  reload: () => void;
  replace: (value: T) => void;
}

/** Loads when the component mounts and when `load` changes. A late answer to an earlier load is dropped. */
export function useLoaded<T>(load: (() => Promise<T>) | undefined): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (load === undefined) return;
    let isCurrent = true;
    load().then(
      (loaded) => {
        if (!isCurrent) return;
        setValue(loaded);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (isCurrent) setProblem(error instanceof Error ? error.message : "Something failed.");
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [load, attempt]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { value, problem, reload, replace: setValue };
}
