{{- define "accordant.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "accordant.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "accordant.labels" -}}
{{ include "accordant.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: accordant
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "accordant.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "accordant.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "accordant.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "accordant.isPostgres" -}}
{{- if eq .Values.database.kind "postgres" -}}yes{{- end -}}
{{- end -}}

{{- define "accordant.readinessPath" -}}
{{- if .Values.probes.readinessPath -}}
{{- .Values.probes.readinessPath -}}
{{- else if include "accordant.isPostgres" . -}}
/healthz
{{- else -}}
/readyz
{{- end -}}
{{- end -}}

{{- /* Several replicas at some time? */ -}}
{{- define "accordant.isReplicated" -}}
{{- if include "accordant.isPostgres" . -}}
{{- if .Values.autoscaling.enabled -}}
{{- if gt (int .Values.autoscaling.minReplicas) 1 -}}yes{{- end -}}
{{- else if gt (int .Values.replicas) 1 -}}yes
{{- end -}}
{{- end -}}
{{- end -}}
