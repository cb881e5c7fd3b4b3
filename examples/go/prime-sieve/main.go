// The concurrent prime sieve: a daisy chain of goroutines, one for each prime, joined by channels.
package main

import (
	"fmt"
	"os"
	"strconv"
)

// generate sends 2, 3, 4, … into the channel.
func generate(output chan<- int) {
	for number := 2; ; number++ {
		output <- number
	}
}

// filter passes on what the prime does not divide.
func filter(input <-chan int, output chan<- int, prime int) {
	for number := range input {
		if number%prime != 0 {
			output <- number
		}
	}
}

func main() {
	count := 100
	if len(os.Args) > 1 {
		value, err := strconv.Atoi(os.Args[1])
		if err != nil || value < 1 {
			fmt.Fprintln(os.Stderr, "usage: prime-sieve [COUNT]")
			os.Exit(1)
		}
		count = value
	}
	channel := make(chan int)
	go generate(channel)
	for found := 0; found < count; found++ {
		prime := <-channel
		fmt.Println(prime)
		next := make(chan int)
		go filter(channel, next, prime)
		channel = next
	}
}
