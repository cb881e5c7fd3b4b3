module prime-sieve

go 1.19
