/* upper - see upper.h */
#include "upper.h"

void upper(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] >= 'a' && bytes[i] <= 'z') /* not toupper(): that one asks the locale */
            bytes[i] = (char)(bytes[i] - 'a' + 'A');
}
