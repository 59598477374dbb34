/* file - whole files. */
#ifndef FILE_H
#define FILE_H

/* All that is in a text file, the caller's to free(); NULL if it cannot be read. */
char *file_read(const char *path);

#endif
