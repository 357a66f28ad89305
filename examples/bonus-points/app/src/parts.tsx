import type { ReactNode } from "react";

export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="notice">
      <h1>{title}</h1>
      <p>{children}</p>
    </main>
  );
}

export function Problem({ text, retry }: { text: string; retry: () => void }) {
  return (
    <div className="problem" role="alert">
      <p>{text}</p>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

/** Grey bars in the place of text that is on its way. */
export function Loading({ lines }: { lines: number }) {
  return (
    <div className="loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} />
      ))}
    </div>
  );
}

const numbers = new Intl.NumberFormat("en");

export function Points({ value }: { value: number }) {
  return <span className="points">{numbers.format(value)}</span>;
}
