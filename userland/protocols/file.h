/* file.h - constants and records of the file protocol (file.sys), shared by file servers and their clients. */
#pragma once

/* open: flags. Without CREATE the path must exist; with EXCLUSIVE it must not. A folder is opened to list it. */
#define FILE_OPEN_CREATE 1u
#define FILE_OPEN_TRUNCATE 2u
#define FILE_OPEN_EXCLUSIVE 4u
#define FILE_OPEN_READ_ONLY 8u    /* writes through this handle are refused */
#define FILE_OPEN_DIRECTORY 16u   /* refuse what is not a folder */

/* write: this position means the end of the file. */
#define FILE_END (~0ul)

/* Attributes, as FAT keeps them. */
#define FILE_ATTRIBUTE_READ_ONLY 0x01u
#define FILE_ATTRIBUTE_HIDDEN 0x02u
#define FILE_ATTRIBUTE_SYSTEM 0x04u
#define FILE_ATTRIBUTE_DIRECTORY 0x10u
#define FILE_ATTRIBUTE_ARCHIVE 0x20u

/* set: leave this property as it is. */
#define FILE_KEEP (~0ul)

/* volume: flags. */
#define FILE_VOLUME_READ_ONLY 1u
#define FILE_VOLUME_DAMAGED 2u    /* something on the disk was inconsistent; run fsck on the host */

#define FILE_NAME_BYTES 765u      /* longest name: 255 UTF-16 units, at most three UTF-8 bytes each */
#define FILE_PATH_BYTES 1024u     /* longest path */

/* list: records, one behind the other, each at a multiple of eight bytes. `.` and `..` are not listed. Start with
 * cookie 0, go on with the returned one; zero bytes mean the end. The buffer should hold 1 KiB at least. Times are
 * seconds since 1970, in the local time that FAT keeps. */
struct file_entry {
	unsigned int bytes;           /* of this record: the next one begins so much further */
	unsigned int name_size;
	unsigned long size;
	unsigned int attributes;
	unsigned int spare;
	unsigned long modified;
	char name[];                  /* name_size bytes of UTF-8, then zeros up to the end of the record */
};
