# proved.awk - counts the functions that the kernel has and those that are proved; prints them as assembly (proved.sh).
#
# A function's body begins with a brace alone in column 0, its head with a letter in column 0: the form of the whole
# kernel. tests/proof/test_status.py records all as proved, and wants each counted.

function wrong(text) {
	print "proved: " text > "/dev/stderr"
	failed = 1
}

part == "fits" { fits[$1] = 1 }
part == "borders" && $1 == "function" { border[$2] = 1 }

part == "proved" && /^unit / { unit = $2; units[unit]++ }
part == "proved" && /^ / { recorded[$1] = $2 == "proved" ? 1 : 0; of[$1] = unit }
part == "proved" && !/^(#.*|functions [0-9]+|unit .*|)$/ && !/^ [A-Za-z_][A-Za-z_0-9]* (proved|unproved|assumed|lost)$/ {
	wrong("tests/proof/proved.txt:" FNR ": not a line of this file: " $0)
}

part == "source" && /^[A-Za-z_].*\(/ && !/;$/ {
	head = $0
	gsub(/__attribute__\(\([^)]*\)\)/, "", head)
	sub(/\(.*/, "", head)
	sub(/.*[ \t*]/, "", head)
}
part == "source" && /^\{$/ {
	functions++
	if (head in border)
		assumed++
	else if (recorded[head] && of[head] == FILENAME)
		if (fits[FILENAME])
			proved++
		else
			changed++
}

END {
	for (unit in units)
		if (units[unit] > 1)
			wrong("tests/proof/proved.txt: " unit " stands there twice")
	if (!functions)
		wrong("no function was found below kernel/")
	if (failed)
		exit 1
	print "/* proof.S - what the image says of its proof; made by cmake/proved.sh. */"
	print "\t.section .rodata.proof, \"a\""
	print "\t.globl proof_summary, proof_sources"
	printf "proof_summary:\n\t.asciz \"mullion: proof: %d of %d functions proved, %d assumed,%s kernel %s\\n\"\n", proved,
		functions, assumed, changed ? " " changed " changed since recorded," : "", substr(hash, 1, 12)
	printf "proof_sources:\n\t.asciz \"%s\"\n", hash
}
