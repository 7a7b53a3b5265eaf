# embed.awk - turn text files into C string tables
#
#   awk -v kind=sql|migration|graphql|template -v out=h|c -f embed.awk FILE...
#
# sql:       enum sql_id { SQL_<NAME>, ... } and sql_statements[] (core/runtime/db.h). The text begins with
#            the file's name as a comment, so that server logs show which statement it is. The number of
#            parameters is the largest $n outside of comments.
# migration: migrations[] in the order of the names (core/runtime/migrate.h).
# graphql:   GQL_<FOLDER>_<NAME>, one string per file; <FOLDER> is the connector's.
# template:  templates[] {name, text} (core/domain/mail.h).
function escape(s) {
	gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s); gsub(/\t/, "\\t", s)
	return s
}
function base(path,   parts, n) {
	n = split(path, parts, "/")
	return parts[n]
}
function name_of(path,   b) {
	b = base(path)
	if (kind != "template")
		sub(/\.[a-z]+$/, "", b)
	return b
}
function symbol(path,   parts, n) {
	n = split(path, parts, "/")
	if (kind == "graphql")
		return "GQL_" toupper(parts[n - 2]) "_" toupper(name_of(path))
	return "SQL_" toupper(name_of(path))
}
function finish() {
	if (out == "c") {
		if (kind == "sql")
			printf ", %d},\n", params
		else if (kind == "graphql")
			print ";"
		else
			print "},"
	}
}
BEGIN {
	print "/* made by tools/embed.awk; edit the text files */"
	if (kind == "sql" && out == "h") {
		print "#ifndef WAYBILL_GEN_SQL_H\n#define WAYBILL_GEN_SQL_H\nenum sql_id {"
	} else if (kind == "sql") {
		print "#include \"core/runtime/db.h\"\nconst struct sql_statement sql_statements[] = {"
	} else if (kind == "migration") {
		print "#include \"core/runtime/migrate.h\"\nconst struct migration migrations[] = {"
	} else if (kind == "graphql" && out == "h") {
		print "#ifndef WAYBILL_GEN_GRAPHQL_H\n#define WAYBILL_GEN_GRAPHQL_H"
	} else if (kind == "graphql") {
		print "#include \"gen/graphql.h\""
	} else if (kind == "template") {
		print "#include \"core/domain/mail.h\"\nconst struct mail_template_text mail_template_texts[] = {"
	}
	opened = 0
}
FNR == 1 {
	if (opened)
		finish()
	opened = 1
	params = 0
	if (out == "h") {
		if (kind == "sql")
			print "\t" symbol(FILENAME) ","
		else if (kind == "graphql")
			print "extern const char " symbol(FILENAME) "[];"
	} else if (kind == "sql") {
		printf "\t{\"%s\",\n\t \"/* %s */ \"\n", name_of(FILENAME), name_of(FILENAME)
	} else if (kind == "graphql") {
		printf "const char %s[] =\n", symbol(FILENAME)
	} else {
		printf "\t{\"%s\",\n", name_of(FILENAME)
	}
}
{
	if (out == "c") {
		line = $0
		if (kind == "sql") {
			sub(/--.*/, "", line)
			rest = line
			while (match(rest, /\$[0-9]+/)) {
				n = substr(rest, RSTART + 1, RLENGTH - 1) + 0
				if (n > params)
					params = n
				rest = substr(rest, RSTART + RLENGTH)
			}
			if (line ~ /^[ \t]*$/)
				next
		}
		print "\t \"" escape(line) "\\n\""
	}
}
END {
	if (opened)
		finish()
	if (kind == "sql" && out == "h")
		print "\tSQL_COUNT\n};\n#endif"
	else if (kind == "sql")
		print "};"
	else if (kind == "graphql" && out == "h")
		print "#endif"
	else if (kind == "migration")
		print "\t{0},\n};"
	else if (kind == "template")
		print "\t{0},\n};"
}
