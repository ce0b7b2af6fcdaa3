/* component.h - what a component writes and what the runtime gives it.
 *
 * A component defines either the functions of the event loop (init, notified and the handlers of its services) or
 * main, which may return: that is a clean end, reported as such. The generated ports.h has everything that differs
 * between systems: slots, bits, addresses, typed calls. */
#pragma once
#include "format.h"
#include "memory.h"
#include "syscall.h"

/* ---- Defined by the component, each one optional ---- */
void init(void);                     /* once, before the first event */
void notified(u64 bits);             /* bits of the own notification came: BIT_... of ports.h */
bool called(struct message *m);      /* a message came: answer in *m and true; false: the reply was moved away or is
                                        to be dropped. Left out, the handlers that ports.h declares are called. */
void worker(u64 thread);             /* body of thread 1, 2, ...; left out, they receive from the same endpoint */
int main(void);                      /* instead of the event loop; its value is the exit code */

/* ---- Given by the runtime ---- */

/* For main, and for handlers that have to wait: blocks until one of the bits in `mask` has come, and takes those.
 * Other bits are kept for the next call or for notified(). Only thread 0. */
u64 component_wait(u64 mask);
/* The same without blocking: 0 when none is there. */
u64 component_poll(u64 mask);

/* Ends the component, reported as a clean end with this code. */
_Noreturn void component_exit(int code);
/* Ends the component, reported with this reason (its first 63 bytes). */
_Noreturn void panic(const char *reason);
/* Where the thread stands in words: status codes of the kernel. */
const char *status_text(u64 status);

/* Text output, a line at a time: to the port named `log` or, without one, to the port named `tty`. Never blocks: when
 * the reader does not keep up, lines are dropped and their number is printed later. */
void print(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/* How a component tells its supervisor why it stopped: it runs into `ebreak` with one of these in a0. Then a1 is the
 * exit code, or s2-s9 hold the reason. */
#define ENDING_EXIT 0x65786974ul  /* "exit" */
#define ENDING_PANIC 0x70616e69ul /* "pani" */
#define ENDING_REASON_BYTES 64u
