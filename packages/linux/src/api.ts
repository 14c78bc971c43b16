/** What may be chosen about the personality. */
export interface LinuxOptions {
  /** uname(2)'s release; programs refuse releases that are too old for them. Default `'6.12.0-veridian'`. */
  readonly release?: string;
  /** uname(2)'s version. Default `'#1 Veridian'`. */
  readonly version?: string;
  /** setrlimit(2)'s stack limit of new programs: bytes the main stack may grow to. Default 8 MiB. */
  readonly stackBytes?: number;
}
