/** Brings `dist` and `schema` up to date. Returns false if they were already. Throws if the sources do not compile. */
export declare function build(): Promise<boolean>;
