/** What templates of any framework may set on the elements. */
import type {
  AppPathDetail,
  AppStateDetail,
  BreezewayAppElement,
  BreezewayUiElement,
} from "../dist/element.js";

type Optional<T> = { readonly [Name in keyof T]?: T[Name] | undefined };

/** Properties of `<breezeway-app>`. */
export interface AppElementProps extends Optional<
  Pick<
    BreezewayAppElement,
    | "path"
    | "placement"
    | "minHeightPx"
    | "maxHeightPx"
    | "minWidthPx"
    | "maxWidthPx"
    | "context"
    | "host"
    | "labels"
  >
> {
  readonly app: string;
}

/** Properties of `<breezeway-ui>`. */
export type UiElementProps = Optional<Pick<BreezewayUiElement, "labels">>;

export type AppStateEvent = CustomEvent<AppStateDetail>;
export type AppPathEvent = CustomEvent<AppPathDetail>;
