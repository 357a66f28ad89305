import type { AppBridge } from "@breezeway/guest";
import { useEffect, useState } from "react";
import { MainPage } from "./main-page.tsx";
import { PanePage } from "./pane-page.tsx";
import { Notice } from "./parts.tsx";
import { SetupPage } from "./setup-page.tsx";

export function App({ appBridge }: { appBridge: AppBridge }) {
  const [path, setPath] = useState(location.pathname);

  useEffect(() => {
    const follow = () => setPath(location.pathname);
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);

  const goTo = (next: string) => {
    history.pushState(null, "", next);
    setPath(next);
  };

  switch (path) {
    case "/setup":
      return <SetupPage appBridge={appBridge} goTo={goTo} />;
    case "/main":
      return <MainPage appBridge={appBridge} goTo={goTo} />;
    case "/pane":
      return <PanePage appBridge={appBridge} />;
    default:
      return <Notice title="Page not found">This app has no page at {path}.</Notice>;
  }
}
