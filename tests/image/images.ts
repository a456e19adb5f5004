import type { ImageConfig } from "./container.ts";

/** The environment variable in which the checks are given the images, as JSON. */
export const IMAGES = "WEIR_TEST_IMAGES";

/** An image that was built: its root file system, mounted here, and its configuration. */
export interface BuiltImage {
  readonly root: string;
  readonly config: ImageConfig;
}

/** The images of the Containerfile, by target. */
export type BuiltImages = Readonly<Record<"sources" | "weir" | "takeover", BuiltImage>>;
