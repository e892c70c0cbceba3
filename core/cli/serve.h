/* `mapscope debug-info`: questions about ELF files' debug information, asked by a front-end over pipes, so that a bad file may
   take this process down and no debugger with it. Knows nothing of processes and maps.  */
#ifndef MS_CLI_SERVE_H
#define MS_CLI_SERVE_H

/* Answers what comes on standard input, one JSON line on standard output for each line, until the input ends. The exit status.

   A question is words with a tab between; in a word, \t, \n and \\ stand for these characters. FILE is the number that "open"
   gave, PC an address of the file or "-", TYPE what an earlier answer called a type (0: none).

	open PATH			{"file", "path", "note", "pointer_size", "big_endian"}
	close FILE			{"closed": true}
	type FILE TYPE			{"kind", "size", "name", "target", "count", "language", "fields": [[name, offset, type,
					bit_size, bit_offset]]}, as struct ms_type and struct ms_field
	lookup FILE PC NAME		{"type"}
	derive FILE KIND TYPE COUNT	{"type"}
	symbol FILE NAME		{"address"}
	global FILE PC N NAME		{"type", "size", "address_size", "big_endian", "location", "frame_base": hex digits}
	local FILE PC INLINED NAME	the same

   An answer that is none has "code" (enum ms_code; MS_NOT_FOUND, or MS_REFUSED for a variable without a value) and "error", one
   line.  */
int ms_serve(void);

#endif
