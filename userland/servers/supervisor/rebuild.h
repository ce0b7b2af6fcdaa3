/* rebuild.h - takes a component's memory back and builds it anew from its part of the construction program. */
#pragma once
#include "component.h"

/* The manifest is the system's blob: true when its header is what the supervisor was compiled for. */
bool rebuild_check_manifest(void);
/* Suspends the threads of component `index` and takes all its memory back. The kernel's status. */
u64 rebuild_tear_down(u32 index);
/* Replays the component's section. On failure *step is the number of the operation. */
u64 rebuild_replay(u32 index, u32 *step);
