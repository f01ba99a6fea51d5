#!/bin/bash
cat >/app/book/Makefile <<'END'
PARTS = title chapter-1 chapter-2 chapter-3

all: out/words.txt

out/book.txt: $(PARTS) | out
	cat $(PARTS) >$@

out/words.txt: out/book.txt
	wc -w <$< >$@

out:
	mkdir -p out

clean:
	rm -rf out

.PHONY: all clean
END
make -C /app/book
