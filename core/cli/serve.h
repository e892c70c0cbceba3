/* `mapscope debug-info`: questions about ELF files' debug information, asked by a front-end over pipes, so that a bad file may
   take this process down and no debugger with it. Knows nothing of processes and maps.  */
#ifndef MS_CLI_SERVE_H
#define MS_CLI_SERVE_H

/* Answers what comes on standard input, one JSON line on standard output for each line, until the input ends. The exit status.

   A question is words with a tab between; in a word, \t, \n and \\ stand for these characters. FILE is the number that "open"
   gave, PC an address of the file or "-", TYPE what an earlier answer called a type (0: none).

	open PATH			{"file", "path", "build_id", "note", "pointer_size", "big_endian"}
	whole PATH			{"whole": has it debug information in itself?}
	close FILE			{"closed": true}
	type FILE TYPE			{"kind", "size", "name", "target", "count", "language", "fields": [[name, offset, type,
					bit_size, bit_offset]]}, as struct ms_type and struct ms_field
	lookup FILE PC NAME		{"type"}
	derive FILE KIND TYPE COUNT	{"type"}
	array FILE KIND SIZE INDEX NAME MEMBERS
					{"offset", "count"} of the array that is member INDEX of a struct or union, as
					ms_dwarf_array; KIND says which (enum ms_kind)
	symbol FILE NAME		{"address"}
	section FILE NAME		{"address"}
	go FILE TYPE			{"kind", "key", "elem", "runtime_type"}, as struct ms_dwarf_go
	runtime FILE ADDRESS		{"type"} that the run-time type descriptor of Go at ADDRESS describes
	globals FILE EXE CURSOR		{"globals": [[name, type, address, in EXE?]], "cursor"}: some of FILE's variables with an
					address, and the CURSOR that gives the next ones; it is 0 at first, and 2^64 - 1
					behind the last. EXE is the executable's FILE: where that has such a variable itself, all of the
					program use it
	global FILE PC N NAME		{"type", "size", "address_size", "big_endian", "location", "frame_base": hex digits}
	local FILE PC INLINED NAME	the same

   An answer that is none has "code" (enum ms_code; MS_NOT_FOUND, or MS_REFUSED for a variable without a value) and "error", one
   line.  */
int ms_serve(void);

#endif
