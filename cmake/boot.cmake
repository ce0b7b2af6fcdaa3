# boot.cmake - the boot stage: platform/boot and libfdt, linked at 0 and position independent.
set(LIBFDT_DIR ${CMAKE_SOURCE_DIR}/build/third-party/libfdt)
if(NOT EXISTS ${LIBFDT_DIR}/libfdt.h)
	execute_process(COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/fetch_libfdt.sh ${LIBFDT_DIR} COMMAND_ERROR_IS_FATAL ANY)
endif()

# Not our text, so not our warnings; it finds our libfdt_env.h first.
add_library(fdt OBJECT ${LIBFDT_DIR}/fdt.c ${LIBFDT_DIR}/fdt_ro.c ${LIBFDT_DIR}/fdt_addresses.c)
target_include_directories(fdt PRIVATE platform/boot ${LIBFDT_DIR})
target_compile_options(fdt PRIVATE ${TARGET_FLAGS} ${BOOT_FLAGS} -ffile-prefix-map=${LIBFDT_DIR}=libfdt)

add_executable(boot.elf platform/boot/entry.S platform/boot/boot.c platform/boot/tree.c platform/boot/console.c
	platform/boot/string.c $<TARGET_OBJECTS:fdt>)
target_include_directories(boot.elf PRIVATE platform/boot kernel)
target_include_directories(boot.elf SYSTEM PRIVATE ${LIBFDT_DIR})
target_compile_options(boot.elf PRIVATE ${TARGET_FLAGS} $<$<COMPILE_LANGUAGE:C>:${BOOT_FLAGS} ${WARNING_FLAGS}>)
target_link_options(boot.elf PRIVATE ${TARGET_FLAGS} -nostdlib -nostartfiles -static -Wl,--gc-sections
	-Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,--emit-relocs -Wl,-T,${CMAKE_SOURCE_DIR}/platform/boot/boot.ld)
target_link_libraries(boot.elf PRIVATE gcc)
set_property(TARGET boot.elf PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/platform/boot/boot.ld)
add_custom_command(OUTPUT boot.bin COMMAND ${CMAKE_OBJCOPY} -O binary boot.elf boot.bin DEPENDS boot.elf)
add_custom_target(boot ALL DEPENDS boot.bin)
