/* server.h - what server.c and disk.c of the file server tell each other. */
#pragma once
#include "../../../kernel/abi.h"

/* The cache's memory: the data area of the connection to the disk. */
void *disk_cache_memory(void);
u64 disk_cache_size(void);
/* The block server has signalled while nobody waited for it. */
void disk_signalled(void);
/* The disk has used the timer: set it again for what the server wants it for. */
void server_after_wait(void);
