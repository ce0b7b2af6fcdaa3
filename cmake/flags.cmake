# flags.cmake - the compiler flags of everything that runs on the board, in one place.
#
# rv64imac with the old instruction-set naming: CSR instructions are in, and the library multilib is found.
# Prefix maps keep the folder of the checkout out of every output, so that two checkouts give equal bytes.

set(MAP_FLAGS -ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)
# The assembler does not take over the compiler's maps.
list(APPEND MAP_FLAGS $<$<COMPILE_LANGUAGE:ASM>:-Wa,--debug-prefix-map=${CMAKE_SOURCE_DIR}/=>
	$<$<COMPILE_LANGUAGE:ASM>:-Wa,--debug-prefix-map=${CMAKE_BINARY_DIR}=.>)
set(TARGET_FLAGS -march=rv64imac -misa-spec=2.2 -mabi=lp64 -mcmodel=medany -ffreestanding -g ${MAP_FLAGS})
set(WARNING_FLAGS -Wall -Wextra -Wconversion)
# The unwind tables go to .debug_frame: nothing of them is loaded, and gdb finds them.
set(C_FLAGS -std=c17 -O2 -fno-common -fno-strict-aliasing -fno-pic -fno-asynchronous-unwind-tables)

# The kernel's C never touches s2-s7: the payload of a message stays in them from sender to receiver.
set(PAYLOAD_FLAGS -ffixed-x18 -ffixed-x19 -ffixed-x20 -ffixed-x21 -ffixed-x22 -ffixed-x23)
# Its entry has saved the callee-saved registers of the user already: no function of the kernel saves them again.
set(CALL_USED_FLAGS -ffixed-x8 -fcall-used-x9 -fcall-used-x24 -fcall-used-x25 -fcall-used-x26 -fcall-used-x27)
# Linked as one piece: one instruction of the architecture is then no call of a function.
set(KERNEL_FLAGS ${C_FLAGS} -fno-jump-tables -fno-tree-loop-distribute-patterns ${PAYLOAD_FLAGS}
	${CALL_USED_FLAGS} ${WARNING_FLAGS} -flto)

# The boot stage runs wherever it was loaded: nothing absolute, so no jump tables either.
set(BOOT_FLAGS ${C_FLAGS} -mno-relax -fno-jump-tables -fno-tree-switch-conversion -ffunction-sections
	-fno-tree-loop-distribute-patterns)

# Linked as one piece: the event loop, the generated dispatch and a component's handlers become one function, and a
# message stays in its registers. (ring.c is left out: its fences are checked in its own object code.)
set(COMPONENT_LTO -flto)
set(COMPONENT_FLAGS ${C_FLAGS} -ffunction-sections -fdata-sections ${WARNING_FLAGS} ${COMPONENT_LTO})
