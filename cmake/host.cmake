# host.cmake - builds the host programs now, because the list of components comes from one of them.
set(HOST_DIR ${CMAKE_BINARY_DIR}/host)
file(GLOB HOST_SOURCES CONFIGURE_DEPENDS
	${CMAKE_SOURCE_DIR}/capdl/*.c ${CMAKE_SOURCE_DIR}/capdl/*.h ${CMAKE_SOURCE_DIR}/capdl/audit/*.c
	${CMAKE_SOURCE_DIR}/capdl/CMakeLists.txt)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${HOST_SOURCES}
	${CMAKE_SOURCE_DIR}/cmake/host/CMakeLists.txt ${CMAKE_SOURCE_DIR}/platform/boot/make_image.c
	${CMAKE_SOURCE_DIR}/kernel/abi.h)

foreach(STEP "-S;${CMAKE_SOURCE_DIR}/cmake/host;-B;${HOST_DIR};-G;Ninja" "--build;${HOST_DIR}")
	execute_process(COMMAND ${CMAKE_COMMAND} ${STEP} RESULT_VARIABLE RESULT OUTPUT_VARIABLE OUTPUT ERROR_VARIABLE OUTPUT)
	if(NOT RESULT EQUAL 0)
		message(FATAL_ERROR "The host programs do not build:\n${OUTPUT}")
	endif()
endforeach()
set(MAKE_IMAGE ${HOST_DIR}/make_image)
set(AUDIT ${HOST_DIR}/capdl/audit)
find_program(CAPDL capdl PATHS ${HOST_DIR}/capdl NO_DEFAULT_PATH NO_CACHE)
