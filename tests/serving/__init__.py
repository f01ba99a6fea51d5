from pathlib import Path

# run by the Python of scripts/engines, which has what they import
llama_server_path = Path(__file__).with_name("llama_server.py")
tiny_path = Path(__file__).with_name("tiny.py")
