#!/bin/sh
# How many lines have how many words: count.sh < TEXT
while read -r line; do
  set -- $line
  echo "$#"
done | sort -n | uniq -c | while read -r lines words; do
  echo "$lines lines of $words words"
done
