# kernel.cmake - the kernel: one binary for every board and system.
file(GLOB KERNEL_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernel/*.c
	${CMAKE_SOURCE_DIR}/kernel/arch/riscv64/*.c ${CMAKE_SOURCE_DIR}/kernel/arch/riscv64/*.S)
set(KERNEL_LD ${CMAKE_SOURCE_DIR}/kernel/arch/riscv64/kernel.ld)

if(NOT EXISTS ${KERNEL_LD})
	message(WARNING "kernel/arch/riscv64/kernel.ld is missing: no kernel is built, so no image either")
	return()
endif()
# What the image says of its proof: from the sources and from what was recorded of them, without a prover.
file(GLOB_RECURSE PROOF_INPUTS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernel/*.c ${CMAKE_SOURCE_DIR}/kernel/*.h
	${CMAKE_SOURCE_DIR}/kernel/*.S ${CMAKE_SOURCE_DIR}/kernel/*.ld ${CMAKE_SOURCE_DIR}/tests/proof/proved.txt
	${CMAKE_SOURCE_DIR}/tests/proof/borders.txt)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/proof.S
	COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/proved.sh ${CMAKE_BINARY_DIR}/proof.S
	DEPENDS ${PROOF_INPUTS} ${CMAKE_SOURCE_DIR}/cmake/proved.sh ${CMAKE_SOURCE_DIR}/cmake/proved.awk)

add_executable(kernel.elf ${KERNEL_SOURCES} ${CMAKE_BINARY_DIR}/proof.S)
target_include_directories(kernel.elf PRIVATE kernel kernel/arch/riscv64)
target_compile_options(kernel.elf PRIVATE ${TARGET_FLAGS} $<$<COMPILE_LANGUAGE:C>:${KERNEL_FLAGS}>)
target_link_options(kernel.elf PRIVATE ${TARGET_FLAGS} -nostdlib -nostartfiles -static
	-Wl,--build-id=none ${KERNEL_FLAGS} -fstack-usage -flto-partition=one -Wl,-T,${KERNEL_LD} -Wl,-Map=${CMAKE_BINARY_DIR}/kernel.map)
target_link_libraries(kernel.elf PRIVATE gcc)
set_property(TARGET kernel.elf PROPERTY LINK_DEPENDS ${KERNEL_LD})
add_custom_command(OUTPUT kernel.bin COMMAND ${CMAKE_OBJCOPY} -O binary kernel.elf kernel.bin DEPENDS kernel.elf)
# Who calls whom, and how much stack that takes: what has no bound, or too large a one, ends the build.
add_custom_command(OUTPUT kernel.stack
	COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/kernel_calls.sh kernel.elf kernel.stack
	DEPENDS kernel.elf ${CMAKE_SOURCE_DIR}/cmake/kernel_calls.sh ${CMAKE_SOURCE_DIR}/cmake/kernel_calls.awk)
add_custom_target(kernel ALL DEPENDS kernel.bin kernel.stack)
