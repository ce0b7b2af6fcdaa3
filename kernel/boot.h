/* boot.h - from the boot record and the system's header to the first thread. */
#pragma once
#include "syscall.h"

/* Build the initial state; returns when every section was replayed. Stops the machine with a clear sentence if anything
 * does not fit. */
/*@ requires \valid_read(record) && \valid_read(system);
    assigns STATE, ptes[0 .. N_PTES - 1],
            words[0 .. N_WORDS - 1], fault_ring, machine;
    ENSURES_VALID */
void boot_main(const struct boot_record *record, const struct system_header *system);
