/* fuzz.h - random system calls from several threads over a small world. */
#pragma once

/* fuzz_main(["STEPS" ["SEED" ["CHECK-EVERY"]]]): exit status. */
int fuzz_main(int count, char **arguments);
/* Prints where the fuzzer was, if it runs: called when a check fails. */
void fuzz_explain(void);
