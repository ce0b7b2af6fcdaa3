# kernel_calls.awk - the call graph of the linked kernel: every jump's target is known, nothing recurs, the stack suffices.
#
# awk -f kernel_calls.awk SYMBOLS STACK-USAGE... DISASSEMBLY, which are what nm, -fstack-usage and objdump -d
# --no-show-raw-insn print (names end in .symbols, .su, .dis). Prints the deepest path from each entry; anything that
# may not be is printed on standard error and ends with status 1. A function without a line of stack usage is assembly:
# it may not use the stack, and the C that it calls is an entry, with an empty stack.

BEGIN {
	# Jumps through a register whose target is not in the instruction before, and why each may be.
	computed["arch_payload_trim"] = "into the row of clearings behind it; its argument is a length of at most six words"
	stack_of_entry = "kernel_stack_top"
}

function wrong(text) {
	print "kernel: " text > "/dev/stderr"
	failed = 1
}

# The lower 32 bits of a hexadecimal number: enough for a difference, and exact in any awk.
function hex(text, i, value) {
	text = substr(text, length(text) - 7)
	for (i = 1; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

FILENAME ~ /\.symbols$/ {
	symbol[$3] = hex($1)
	next
}

# FILE:LINE:COLUMN:FUNCTION, tab, bytes, tab, static
FILENAME ~ /\.su$/ {
	split($0, told, "\t")
	name = told[1]
	sub(/.*:/, "", name)
	if (name in usage)
		wrong("two functions are called " name)
	usage[name] = told[2]
	if (told[3] != "static")
		wrong(name " has no bounded use of the stack: " told[3])
	next
}

/^[0-9a-f]+ <.*>:$/ {
	here = $2
	gsub(/[<>:]/, "", here)
	order[++functions] = here
	plain = here
	if (!(plain in usage))
		sub(/\.[0-9]+$/, "", plain) # the compiler does not always tell the number of a copy
	is_c[here] = plain in usage
	at_top = 0
	declared[here] = usage[plain]
	last = ""
	next
}

!/^[0-9a-f]+:\t/ { next }

{
	address = hex(substr($1, 1, length($1) - 1))
	operation = $2
	target = offset = ""
	if (match($0, /<[^>]*>$/)) {
		target = substr($0, RSTART + 1, RLENGTH - 2)
		if (match(target, /\+0x[0-9a-f]+$/)) {
			offset = substr(target, RSTART)
			target = substr(target, 1, RSTART - 1)
		}
	}
	seen++
}

operation ~ /^(jalr|jr)$/ {
	# The register must come from the auipc right before, else nobody knows where this goes.
	register = $3
	sub(/.*\(/, "", register)
	sub(/\).*/, "", register)
	if (target == "" || last != "auipc " register) {
		if (!(here in computed) || used[here]++)
			wrong(here " jumps to where a register points, at " $1 " " operation " " $3)
		last = "jump"
		next
	}
}

operation ~ /^(jalr|jal)$/ {
	if (offset != "")
		wrong(here " calls into the middle of " target)
	edge(here, target)
	if (!is_c[here] && !at_top)
		unsure[here, target] = here
	last = "call"
	next
}

operation ~ /^(j|jr|b[a-z]+)$/ && target != "" && target != here {
	if (!is_c[here] && at_top)
		entered_at_top[target]++
	entered[target]++
	if (offset != "" && is_c[here])
		wrong(here " jumps into the middle of " target)
	if (is_c[here] || is_c[target])
		edge(here, target)
}

operation ~ /^(mret|uret|dret)$/ { wrong(here " has " operation) }
operation == "sret" && is_c[here] { wrong(here " has sret, which only assembly may") }

# Every change of sp: constants in C, kept in a frame that the compiler told; in assembly only what the head of entry.S
# says, and before it calls C, the top of the stack.
$3 ~ /^sp,/ && operation !~ /^(sd|sw|sh|sb|b[a-z]+)$/ {
	if (is_c[here]) {
		if ($3 !~ /^sp,sp,-?[0-9]+$/ || operation !~ /^(add|addi|addi16sp)$/)
			wrong(here " changes sp by other than a constant: " operation " " $3)
		else if ($3 ~ /-/)
			take(substr($3, index($3, "-") + 1) + 0)
	} else if (operation == "add" && target == stack_of_entry)
		at_top = 1
	else if (!(here == "kernel_entry" && $3 == "sp,sp,a1")) {
		at_top = 0
		if (!(operation == "auipc" || $3 == "sp,16(tp)" || (here == "trap_entry" && $3 ~ /^sp,(scause|sp,-8)$/)))
			wrong("assembly in " here " changes sp: " operation " " $3)
	}
}

{
	last = operation == "auipc" ? "auipc " substr($3, 1, index($3, ",") - 1) : operation
}

# A frame is taken at once; a function with several entries into its frame takes the same each time.
function take(bytes) {
	if (frame[here] != "" && frame[here] != bytes)
		wrong(here " takes stack in pieces: " frame[here] " and " bytes)
	frame[here] = bytes
}

function edge(from, to) {
	if (!((from, to) in known)) {
		known[from, to] = 1
		callees[from] = callees[from] " " to
	}
}

# The most stack that f and what it calls use; path[f] is how.
function depth(f, names, n, i, best, below) {
	if (f in done)
		return done[f]
	if (active[f]) {
		wrong("recursion: " f " is reached from itself")
		return 0
	}
	active[f] = 1
	path[f] = f
	n = split(callees[f], names, " ")
	for (i = 1; i <= n; i++) {
		below = depth(names[i])
		if (below > best || (below == best && best == "")) {
			best = below
			path[f] = f " > " path[names[i]]
		}
	}
	active[f] = 0
	done[f] = declared[f] + best
	return done[f]
}

END {
	if (seen == 0 || functions == 0)
		wrong("the disassembly is empty")
	if (!("kernel_stack_top" in symbol) || !("kernel_stack_bottom" in symbol))
		wrong("there is no kernel_stack_top or kernel_stack_bottom")
	size = symbol["kernel_stack_top"] - symbol["kernel_stack_bottom"]
	for (i = 1; i <= functions; i++) {
		f = order[i]
		if (is_c[f] && frame[f] + 0 != declared[f] + 0)
			wrong(f " takes " frame[f] + 0 " bytes of stack, the compiler says " declared[f] + 0)
		n = split(callees[f], names, " ")
		for (k = 1; k <= n; k++) {
			g = names[k]
			if (!is_c[f] && is_c[g]) {
				entry[g] = f
				if (((f, g) in unsure) && !(entered[f] && entered[f] == entered_at_top[f]))
					wrong("assembly in " f " calls " g " with another stack pointer than the top of the stack")
			}
			m = is_c[f] && !is_c[g] ? split(callees[g], below, " ") : 0
			for (j = 1; j <= m; j++)
				if (is_c[below[j]])
					wrong(f " calls " g ", assembly that calls on: it would empty the stack")
		}
	}
	for (f in computed)
		if (!used[f])
			wrong("the computed jump of " f " is gone: take it off the list")
	for (i = 1; i <= functions; i++) {
		f = order[i]
		bytes = depth(f)
		if (!(f in entry) || !is_c[f])
			continue
		entries++
		printf "%-20s %6d of %d bytes: %s\n", f, bytes, size, path[f]
		if (bytes > size)
			wrong("from " f " the stack takes " bytes " bytes and has " size ": " path[f])
	}
	if (entries == 0)
		wrong("no entry was found")
	exit failed
}
