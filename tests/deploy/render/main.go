// Renders deploy/helm and deploy/kustomize for scripts/deploy-check, where helm and kubectl are not at hand.
//
//	render chart DIR RELEASE NAMESPACE [VALUES.yaml]
//	render kustomize DIR
//
// A chart is rendered by Go's templates with sprig's functions, as helm does it, and with those of helm's own that the chart uses.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func main() {
	out, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
	fmt.Print(out)
}

func run(args []string) (string, error) {
	switch {
	case len(args) >= 4 && args[0] == "chart":
		return chart(args[1], args[2], args[3], args[4:])
	case len(args) == 2 && args[0] == "kustomize":
		resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), args[1])
		if err != nil {
			return "", err
		}
		text, err := resources.AsYaml()
		return string(text), err
	}
	return "", fmt.Errorf("usage: render chart DIR RELEASE NAMESPACE [VALUES], render kustomize DIR")
}

type files struct{ dir string }

// Get is helm's .Files.Get: empty for a file that is not there.
func (f files) Get(name string) string {
	text, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		return ""
	}
	return string(text)
}

func load(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	return values, yaml.Unmarshal(text, &values)
}

func merge(into, from map[string]any) {
	for key, value := range from {
		below, isMap := value.(map[string]any)
		there, wasMap := into[key].(map[string]any)
		if isMap && wasMap {
			merge(there, below)
		} else {
			into[key] = value
		}
	}
}

func capitalized(from map[string]any) map[string]any {
	to := map[string]any{}
	for key, value := range from {
		to[strings.ToUpper(key[:1])+key[1:]] = value
	}
	return to
}

func chart(dir, release, namespace string, overrides []string) (string, error) {
	about, err := load(filepath.Join(dir, "Chart.yaml"))
	if err != nil {
		return "", err
	}
	values, err := load(filepath.Join(dir, "values.yaml"))
	if err != nil {
		return "", err
	}
	for _, path := range overrides {
		more, err := load(path)
		if err != nil {
			return "", err
		}
		merge(values, more)
	}
	data := map[string]any{
		"Values":  values,
		"Chart":   capitalized(about),
		"Release": map[string]any{"Name": release, "Namespace": namespace, "Service": "Helm"},
		"Files":   files{dir},
	}
	all := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	functions["toYaml"] = func(value any) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["include"] = func(name string, data any) (string, error) {
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all.Funcs(functions)
	names, err := filepath.Glob(filepath.Join(dir, "templates", "*"))
	if err != nil {
		return "", err
	}
	sort.Strings(names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		if _, err := all.New(filepath.Base(name)).Parse(string(text)); err != nil {
			return "", err
		}
	}
	var out bytes.Buffer
	for _, name := range names {
		base := filepath.Base(name)
		var text bytes.Buffer
		if err := all.ExecuteTemplate(&text, base, data); err != nil {
			return "", err
		}
		// notes are for people, and files that begin so define things for others
		if base == "NOTES.txt" || strings.HasPrefix(base, "_") {
			continue
		}
		if strings.TrimSpace(text.String()) != "" {
			fmt.Fprintf(&out, "---\n# %s\n%s\n", base, text.String())
		}
	}
	return out.String(), nil
}
