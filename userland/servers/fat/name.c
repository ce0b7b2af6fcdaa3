/* name.c - names and times of FAT: UTF-8, UTF-16, short names and their aliases, dates.
 *
 * Short names are in code page 437, as Linux and mtools read them unless told otherwise. A name whose case is uniform
 * in both parts is kept as a short name alone, with the case in byte 12 of its entry, as Windows NT and Linux do. */
#include "internal.h"

#define LOWER_BASE 0x08u
#define LOWER_EXTENSION 0x10u

static const u16 upper_half[128] = { /* code page 437 from 0x80 on */
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef,
	0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9,
	0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa,
	0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
	0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
	0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
	0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4,
	0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248,
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

/* One code point; *at moves on. 0: no valid UTF-8. */
static u32 take_code_point(const u8 *text, u32 size, u32 *at)
{
	u32 first = text[*at], more = first < 0x80 ? 0 : first < 0xc2 ? 4 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	u32 code = more == 0 ? first : first & (0x3fu >> more);

	if (more > 3 || first > 0xf4 || *at + more >= size)
		return 0;
	for (u32 i = 1; i <= more; i++) {
		u32 byte = text[*at + i];
		if ((byte & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (byte & 0x3f);
	}
	if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) || (code >> 11) == 27)
		return 0;
	*at += more + 1;
	return code;
}

u32 name_decode(const char *text, u32 size, u16 units[NAME_UNITS])
{
	u32 count = 0;

	for (u32 at = 0; at < size; ) {
		u32 code = take_code_point((const u8 *)text, size, &at);
		if (code == 0 || count + (code > 0xffff) >= NAME_UNITS)
			return 0;
		if (code > 0xffff) {
			units[count++] = (u16)(0xd800 + ((code - 0x10000) >> 10));
			units[count++] = (u16)(0xdc00 + (code & 0x3ff));
		} else {
			units[count++] = (u16)code;
		}
	}
	return count;
}

u32 name_encode(const u16 *units, u32 count, char *text, u32 room)
{
	u32 size = 0;

	for (u32 i = 0; i < count; i++) {
		u32 code = units[i];
		if (code >> 10 == 54 && i + 1 < count && units[i + 1] >> 10 == 55)
			code = 0x10000 + ((code & 0x3ff) << 10) + (units[++i] & 0x3ffu);
		else if (code >> 11 == 27)
			code = 0xfffd; /* half a pair */
		u32 bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		if (size + bytes > room)
			break;
		if (bytes == 1) {
			text[size++] = (char)code;
			continue;
		}
		text[size++] = (char)((0xf00u >> bytes & 0xffu) | code >> (6 * (bytes - 1)));
		for (u32 left = bytes - 1; left > 0; left--)
			text[size++] = (char)(0x80 | (code >> (6 * (left - 1)) & 0x3f));
	}
	return size;
}

static bool forbidden(u16 unit)
{
	switch (unit) {
	case '"': case '*': case '/': case ':': case '<': case '>': case '?': case '\\': case '|': case 0x7f:
		return true;
	default:
		return unit < 0x20;
	}
}

bool name_allowed(const u16 *units, u32 count)
{
	if (count == 0 || units[count - 1] == '.' || units[count - 1] == ' ' || units[0] == ' ')
		return false;
	for (u32 i = 0; i < count; i++) {
		if (forbidden(units[i]))
			return false;
	}
	return true;
}

/* What could mislead a reader of a listing, or can never be named in a path. */
bool name_sane(const u16 *units, u32 count)
{
	if (count == 0 || (count == 1 && units[0] == '.') || (count == 2 && units[0] == '.' && units[1] == '.'))
		return false;
	for (u32 i = 0; i < count; i++) {
		if (units[i] < 0x20 || units[i] == '/' || units[i] == 0x7f)
			return false;
	}
	return true;
}

u16 name_fold(u16 unit)
{
	if (unit < 0x80)
		return unit >= 'a' && unit <= 'z' ? (u16)(unit - 32) : unit;
	if ((unit >= 0xe0 && unit <= 0xfe && unit != 0xf7) || (unit >= 0x3b1 && unit <= 0x3c9 && unit != 0x3c2) ||
			(unit >= 0x430 && unit <= 0x44f))
		return (u16)(unit - 0x20);
	if (unit == 0x3ac) /* Greek letters with an accent are not in the order of the others */
		return 0x386;
	if (unit >= 0x3ad && unit <= 0x3af)
		return (u16)(unit - 0x25);
	if (unit >= 0x3cc && unit <= 0x3ce)
		return (u16)(unit == 0x3cc ? 0x38c : unit - 0x3f);
	if (unit >= 0x450 && unit <= 0x45f)
		return (u16)(unit - 0x50);
	if ((unit >= 0x100 && unit <= 0x137 && unit != 0x131) || (unit >= 0x14a && unit <= 0x177) ||
			(unit >= 0x460 && unit <= 0x4bf))
		return unit & 0xfffe;
	if ((unit >= 0x139 && unit <= 0x148) || (unit >= 0x179 && unit <= 0x17e))
		return (unit & 1) == 0 ? (u16)(unit - 1) : unit;
	return unit;
}

bool name_equal(const u16 *a, u32 a_count, const u16 *b, u32 b_count)
{
	if (a_count != b_count)
		return false;
	for (u32 i = 0; i < a_count; i++) {
		if (a[i] != b[i] && name_fold(a[i]) != name_fold(b[i]))
			return false;
	}
	return true;
}

/* ---- Short names ---- */

static u16 short_unit(u8 byte, bool lower)
{
	if (byte >= 0x80)
		return upper_half[byte - 0x80];
	return lower && byte >= 'A' && byte <= 'Z' ? (u16)(byte + 32) : byte;
}

u32 name_from_short(const u8 raw[11], u8 flags, u16 units[13])
{
	u32 base = 8, extension = 3, count = 0;

	while (base > 0 && raw[base - 1] == ' ')
		base--;
	while (extension > 0 && raw[8 + extension - 1] == ' ')
		extension--;
	for (u32 i = 0; i < base; i++)
		units[count++] = short_unit(i == 0 && raw[0] == 0x05 ? 0xe5 : raw[i], (flags & LOWER_BASE) != 0);
	if (extension == 0)
		return count;
	units[count++] = '.';
	for (u32 i = 0; i < extension; i++)
		units[count++] = short_unit(raw[8 + i], (flags & LOWER_EXTENSION) != 0);
	return count;
}

/* Letters that a short name may hold: only ASCII, so that no code page matters. */
static bool short_letter(u16 unit)
{
	if (unit >= 0x7f || forbidden(unit))
		return false;
	switch (unit) {
	case ' ': case '.': case '+': case ',': case ';': case '=': case '[': case ']':
		return false;
	default:
		return true;
	}
}

static bool short_part(const u16 *units, u32 count, u8 *raw, bool *lower)
{
	bool small = false, capital = false;

	for (u32 i = 0; i < count; i++) {
		if (!short_letter(units[i]))
			return false;
		small = small || (units[i] >= 'a' && units[i] <= 'z');
		capital = capital || (units[i] >= 'A' && units[i] <= 'Z');
		raw[i] = (u8)name_fold(units[i]);
	}
	*lower = small;
	return !(small && capital);
}

static u32 last_dot(const u16 *units, u32 count)
{
	u32 dot = count;

	for (u32 i = 1; i < count; i++)
		dot = units[i] == '.' ? i : dot;
	return dot;
}

bool name_to_short(const u16 *units, u32 count, u8 raw[11], u8 *flags)
{
	u32 dot = last_dot(units, count), extension = dot < count ? count - dot - 1 : 0;
	bool lower_base = false, lower_extension = false;

	for (u32 i = 0; i < 11; i++)
		raw[i] = ' ';
	if (dot > 8 || extension > 3 || !short_part(units, dot, raw, &lower_base) ||
			!short_part(units + count - extension, extension, raw + 8, &lower_extension))
		return false;
	*flags = (u8)((lower_base ? LOWER_BASE : 0) | (lower_extension ? LOWER_EXTENSION : 0));
	return true;
}

static u32 alias_part(const u16 *units, u32 count, u8 *raw, u32 room)
{
	u32 size = 0;

	for (u32 i = 0; i < count && size < room; i++) {
		if (units[i] == ' ' || units[i] == '.')
			continue;
		raw[size++] = short_letter(units[i]) ? (u8)name_fold(units[i]) : '_';
	}
	return size;
}

/* NAME~1 to NAME~9, then two letters, four digits of a hash and ~1: thousands of equal beginnings stay apart. */
void name_alias(const u16 *units, u32 count, u32 attempt, u8 raw[11])
{
	u32 dot = last_dot(units, count), base, hash = attempt / 9;

	for (u32 i = 0; i < 11; i++)
		raw[i] = ' ';
	if (dot < count)
		alias_part(units + dot + 1, count - dot - 1, raw + 8, 3);
	base = alias_part(units, dot, raw, attempt < 9 ? 6 : 2);
	if (base == 0)
		raw[base++] = '_';
	if (attempt >= 9) {
		for (u32 i = 0; i < count; i++)
			hash = hash * 31 + units[i];
		hash ^= hash >> 16;
		for (u32 i = 0; i < 4; i++)
			raw[base++] = (u8)"0123456789ABCDEF"[hash >> (12 - 4 * i) & 15];
	}
	raw[base] = '~';
	raw[base + 1] = (u8)('1' + attempt % 9);
	for (u32 i = base + 2; i < 8; i++)
		raw[i] = ' ';
}

u8 name_checksum(const u8 raw[11])
{
	u32 sum = 0;

	for (u32 i = 0; i < 11; i++)
		sum = ((sum & 1) << 7 | sum >> 1) + raw[i], sum &= 0xff;
	return (u8)sum;
}

/* ---- Times: date << 16 | time, two seconds apart, from 1980 to 2107 ---- */

u64 time_decode(u32 date_time)
{
	u32 year = 1980 + (date_time >> 25), month = date_time >> 21 & 15, day = date_time >> 16 & 31;

	if (month < 1 || month > 12 || day < 1)
		return 0;
	/* Days since 1970 by counting years from March on, so that the leap day comes last. */
	u32 years = month > 2 ? year : year - 1, months = (month + 9) % 12;
	u64 days = (u64)years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1 - 719468;
	u32 seconds = (date_time >> 11 & 31) * 3600 + (date_time >> 5 & 63) * 60 + (date_time & 31) * 2;
	return days * 86400 + (seconds < 86400 ? seconds : 86399);
}

u32 time_encode(u64 seconds)
{
	u64 days = seconds / 86400, rest = seconds % 86400;

	if (seconds < 315532800) /* 1980 */
		return 1u << 21 | 1u << 16;
	if (seconds >= 4354819200) /* 2108 */
		return 127u << 25 | 12u << 21 | 31u << 16 | 23u << 11 | 59u << 5 | 29;
	u64 shifted = days + 719468, era = shifted / 146097, in_era = shifted % 146097;
	u64 years = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	u64 in_year = in_era - (years * 365 + years / 4 - years / 100);
	u64 months = (in_year * 5 + 2) / 153, day = in_year - (months * 153 + 2) / 5 + 1;
	u64 month = months < 10 ? months + 3 : months - 9, year = years + era * 400 + (month <= 2 ? 1 : 0);
	return (u32)((year - 1980) << 25 | month << 21 | day << 16 | rest / 3600 << 11 | rest / 60 % 60 << 5 | rest % 60 / 2);
}
