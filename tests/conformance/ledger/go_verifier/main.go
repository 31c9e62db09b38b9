// SPDX-License-Identifier: Apache-2.0

// Whether proofs hold, by the Go team's own note and tlog. One JSON object a line comes in, one 1 or 0 a line goes out:
// {"proof","entry","vkey"} is a .tlog-proof with its entry (hex), {"old","new","old_root","new_root","steps"} (hex) a
// consistency proof, {"note","vkey"} a signed note of any text.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Proof, Entry, Vkey, Note string
	Old, New                 int64
	OldRoot                  string `json:"old_root"`
	NewRoot                  string `json:"new_root"`
	Steps                    []string
}

func parseHash(text string) (tlog.Hash, error) { return tlog.ParseHash(text) }

func unhex(text string) (hash tlog.Hash, err error) {
	raw, err := hex.DecodeString(text)
	if err == nil && len(raw) != tlog.HashSize {
		err = fmt.Errorf("%d bytes", len(raw))
	}
	copy(hash[:], raw)
	return hash, err
}

// number reads a decimal in its one form.
func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && (n < 0 || strconv.FormatInt(n, 10) != text) {
		err = fmt.Errorf("%q", text)
	}
	return n, err
}

func inclusion(q question) error {
	head, signed, found := strings.Cut(q.Proof, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("no proof")
	}
	if strings.HasPrefix(lines[1], "extra ") && len(lines) > 2 {
		lines = lines[1:]
	}
	index, err := number(strings.TrimPrefix(lines[1], "index "))
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[2:] {
		step, err := parseHash(line)
		if err != nil {
			return err
		}
		path = append(path, step)
	}
	verifier, err := note.NewVerifier(q.Vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return err
	}
	text := strings.Split(opened.Text, "\n")
	if len(text) < 4 || text[0] != verifier.Name() {
		return fmt.Errorf("no checkpoint of this log")
	}
	size, err := number(text[1])
	if err != nil {
		return err
	}
	root, err := base64.StdEncoding.Strict().DecodeString(text[2])
	if err != nil || len(root) != tlog.HashSize {
		return fmt.Errorf("no root")
	}
	var hash tlog.Hash
	copy(hash[:], root)
	entry, err := hex.DecodeString(q.Entry)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, size, hash, index, tlog.RecordHash(entry))
}

func consistency(q question) error {
	var path tlog.TreeProof
	for _, text := range q.Steps {
		step, err := unhex(text)
		if err != nil {
			return err
		}
		path = append(path, step)
	}
	oldRoot, err := unhex(q.OldRoot)
	if err != nil {
		return err
	}
	newRoot, err := unhex(q.NewRoot)
	if err != nil {
		return err
	}
	return tlog.CheckTree(path, q.New, newRoot, q.Old, oldRoot)
}

func signedNote(q question) error {
	verifier, err := note.NewVerifier(q.Vkey)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(q.Note), note.VerifierList(verifier))
	return err
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		ask := inclusion
		if q.New != 0 {
			ask = consistency
		} else if q.Note != "" {
			ask = signedNote
		}
		if ask(q) == nil {
			fmt.Fprintln(out, 1)
		} else {
			fmt.Fprintln(out, 0)
		}
	}
}
