/* cdl.h - words that printing and reading level 2 share. */
#pragma once
#include "capdl.h"

extern const char *const cdl_types[], *const cdl_memories[], *const cdl_bindings[], *const cdl_regions[];
extern const char cdl_rights[];
