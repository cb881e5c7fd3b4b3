// A web server: text, JSON and a body that streams; the twin of ../../httpd.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"
)

const ticks = 10

func hello(response http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(response, "hello eggos")
}

func machine(response http.ResponseWriter, _ *http.Request) {
	hostname, _ := os.Hostname()
	response.Header().Set("content-type", "application/json")
	json.NewEncoder(response).Encode(map[string]any{
		"hostname":   hostname,
		"processors": runtime.NumCPU(),
		"go":         runtime.Version(),
	})
}

func tick(response http.ResponseWriter, _ *http.Request) {
	for count := 1; count <= ticks; count++ {
		fmt.Fprintf(response, "tick %d\n", count)
		response.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

func main() {
	port := "8000"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	http.HandleFunc("/hello", hello)
	http.HandleFunc("/machine", machine)
	http.HandleFunc("/ticks", tick)
	listener, err := net.Listen("tcp", ":"+port)
	if err == nil {
		fmt.Printf("listening on port %s\n", port)
		err = http.Serve(listener, nil)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
