// What asc generates for the collector: known to asc by itself, to editors and tsc by this file.

/** Call `__visit` for every managed global. */
declare function __visit_globals(cookie: u32): void;
/** Call `__visit` for every reference field of the object at `object`. */
declare function __visit_members(object: usize, cookie: u32): void;
