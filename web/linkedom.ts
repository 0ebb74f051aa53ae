/** Stands for the package `linkedom` in the page: charts are drawn with the browser's own document. */
export const parseHTML = () => ({ document });
