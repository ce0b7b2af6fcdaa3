/* tree - what the boot stage takes out of the device tree. */
#pragma once

#include "abi.h"

struct range {
	u64 start;
	u64 end;
};

/* Fill the fields of `record` that the tree knows; `record->hart` and the image's place must stand in it.
 * `needed` is the memory that the image and the system laid out in it occupy; `conflict` receives what lies in it
 * when the answer is BOOT_RESERVED. */
enum boot_error tree_read(const void *tree, struct range needed, struct boot_record *record, struct range *conflict);
