/** Brings `dist/page` up to date. Returns false if it was already. Throws if the sources cannot be bundled. */
export declare function buildPage(): Promise<boolean>;
