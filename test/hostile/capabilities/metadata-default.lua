-- tries: to reach a metadata service when only files are restricted (H17)
-- expects: error network access to 169.254.169.254:80 is not allowed \(--allow-net\)
-- options: --allow-read=$DIR/in
http.get("http://169.254.169.254/latest/meta-data/")
