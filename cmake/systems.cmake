# systems.cmake - every system of capdl/systems and of the tests, for this board: headers, components, image.
#
# The specification is read while configuring, because it alone knows the components; touching a .sys file therefore
# configures again. A specification with errors stops only the targets of its own system, where its errors are shown.
if(NOT CAPDL)
	message(WARNING "capdl/CMakeLists.txt is missing: there is no specification compiler, so no system is built")
	return()
endif()

set(BOARD_TREE ${CMAKE_BINARY_DIR}/board.dtb)
set(BOARD_SOURCE ${CMAKE_SOURCE_DIR}/platform/${BOARD}/board.dts)
execute_process(COMMAND dtc -q -I dts -O dtb -o ${BOARD_TREE} ${BOARD_SOURCE} COMMAND_ERROR_IS_FATAL ANY)
file(GLOB SYSTEMS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/capdl/systems/*.sys ${CMAKE_SOURCE_DIR}/tests/system/*.sys)
file(GLOB PROTOCOLS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/userland/protocols/*)
file(GLOB RUNTIME CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/userland/runtime/*.c ${CMAKE_SOURCE_DIR}/userland/runtime/*.S)
set_source_files_properties(${CMAKE_SOURCE_DIR}/userland/runtime/ring.c PROPERTIES COMPILE_OPTIONS -fno-lto)
set(COMPONENT_LD ${CMAKE_SOURCE_DIR}/userland/runtime/component.ld)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SYSTEMS} ${PROTOCOLS} ${BOARD_SOURCE})

# A component whose sources include a header of the C library gets picolibc, and the runtime's glue to it (libc.c).
set(PICOLIBC /usr/lib/picolibc/riscv64-unknown-elf)
set(LIBC_HEADERS "^#include <(assert|ctype|errno|inttypes|math|setjmp|stdio|stdlib|string|time)\\.h>")
function(component_libc TARGET)
	foreach(SOURCE ${ARGN})
		file(STRINGS ${SOURCE} WANTED REGEX ${LIBC_HEADERS})
		if(WANTED)
			target_compile_definitions(${TARGET} PRIVATE COMPONENT_LIBC=1)
			target_include_directories(${TARGET} SYSTEM PRIVATE ${PICOLIBC}/include)
			target_link_libraries(${TARGET} PRIVATE ${PICOLIBC}/lib/rv64imac/lp64/libc.a)
			return()
		endif()
	endforeach()
endfunction()

# One component of one system: its own sources and the runtime, compiled against its own ports.h.
function(add_component SYSTEM COMPONENT IMAGE)
	set(TARGET ${SYSTEM}.${COMPONENT})
	file(GLOB SOURCES CONFIGURE_DEPENDS
		${CMAKE_SOURCE_DIR}/userland/drivers/${IMAGE}/*.c ${CMAKE_SOURCE_DIR}/userland/servers/${IMAGE}/*.c
		${CMAKE_SOURCE_DIR}/userland/apps/${IMAGE}/*.c ${CMAKE_SOURCE_DIR}/tests/system/components/${IMAGE}/*.c)
	if(NOT SOURCES)
		add_custom_target(${TARGET} COMMAND ${CMAKE_COMMAND} -E echo
			"system ${SYSTEM}: component ${COMPONENT} names the image \"${IMAGE}\", but no folder \
userland/{drivers,servers,apps}/${IMAGE} has a C file" COMMAND ${CMAKE_COMMAND} -E false)
		return()
	endif()
	list(GET SOURCES 0 FIRST)
	get_filename_component(FOLDER ${FIRST} DIRECTORY)
	add_executable(${TARGET} EXCLUDE_FROM_ALL ${SOURCES} ${RUNTIME})
	target_include_directories(${TARGET} PRIVATE ${CMAKE_BINARY_DIR}/${SYSTEM}/gen/${COMPONENT} ${FOLDER}
		userland userland/runtime userland/protocols kernel)
	target_compile_options(${TARGET} PRIVATE ${TARGET_FLAGS} $<$<COMPILE_LANGUAGE:C>:${COMPONENT_FLAGS}>)
	target_link_options(${TARGET} PRIVATE ${TARGET_FLAGS} ${C_FLAGS} ${COMPONENT_LTO} -nostdlib -nostartfiles -static
		-Wl,--gc-sections -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,-T,${COMPONENT_LD})
	component_libc(${TARGET} ${SOURCES})
	target_link_libraries(${TARGET} PRIVATE gcc)
	set_target_properties(${TARGET} PROPERTIES OUTPUT_NAME ${COMPONENT}.elf LINK_DEPENDS ${COMPONENT_LD}
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${SYSTEM})
endfunction()

function(add_system FILE)
	get_filename_component(SYSTEM ${FILE} NAME_WE)
	set(FOLDER ${CMAKE_BINARY_DIR}/${SYSTEM})
	set(CAPDL_OPTIONS --dtb ${BOARD_TREE} -I userland/protocols)
	file(RELATIVE_PATH NAME ${CMAKE_SOURCE_DIR} ${FILE})
	file(MAKE_DIRECTORY ${FOLDER})
	execute_process(COMMAND ${CAPDL} headers ${CAPDL_OPTIONS} --out ${FOLDER}/gen ${NAME} RESULT_VARIABLE RESULT
		OUTPUT_QUIET ERROR_QUIET WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	if(NOT RESULT EQUAL 0)
		# Shown when somebody builds this system, not when another one is meant.
		add_custom_target(${SYSTEM}-image COMMAND ${CAPDL} headers ${CAPDL_OPTIONS} --out ${FOLDER}/gen ${NAME}
			WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
		set_property(GLOBAL APPEND PROPERTY BROKEN_SYSTEMS ${SYSTEM})
		return()
	endif()

	file(STRINGS ${FOLDER}/gen/components.txt LINES)
	foreach(LINE ${LINES})
		string(REPLACE " " ";" LINE "${LINE}")
		list(GET LINE 0 COMPONENT)
		list(GET LINE 1 IMAGE)
		add_component(${SYSTEM} ${COMPONENT} ${IMAGE})
		list(APPEND TARGETS ${SYSTEM}.${COMPONENT})
		list(APPEND ELFS ${FOLDER}/${COMPONENT}.elf)
	endforeach()
	add_custom_command(OUTPUT ${FOLDER}/system.bin
		COMMAND ${CAPDL} build ${CAPDL_OPTIONS} --gen ${FOLDER}/gen --elf-dir ${FOLDER} --out ${FOLDER}/system.bin
			--cdl ${FOLDER}/system.cdl --report ${FOLDER}/report.txt ${NAME}
		BYPRODUCTS ${FOLDER}/system.cdl
		DEPENDS ${FILE} ${PROTOCOLS} ${TARGETS} ${CAPDL} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	if(TARGET kernel)
		add_custom_command(OUTPUT ${FOLDER}/Image
			COMMAND ${MAKE_IMAGE} ${FOLDER}/Image boot.bin kernel.bin ${FOLDER}/system.bin
			DEPENDS ${MAKE_IMAGE} boot.bin kernel.bin kernel.stack ${FOLDER}/system.bin)
		set(RESULT ${FOLDER}/Image)
	else()
		set(RESULT ${FOLDER}/system.bin)
	endif()
	# What will be booted is compared with the text that people read; a difference ends the build.
	add_custom_command(OUTPUT ${FOLDER}/audited
		COMMAND ${AUDIT} ${RESULT} ${FOLDER}/system.cdl
		COMMAND ${CMAKE_COMMAND} -E touch ${FOLDER}/audited
		DEPENDS ${AUDIT} ${RESULT} ${FOLDER}/system.cdl)
	add_custom_target(${SYSTEM}-image ALL DEPENDS ${RESULT} ${FOLDER}/audited)
endfunction()

foreach(FILE ${SYSTEMS})
	add_system(${FILE})
endforeach()
