/** Nothing yet: the command is tested as a process, and the programs that tests run are in `@veridian-os/veridian/testing`. */
export {};
