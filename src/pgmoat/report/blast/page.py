def render_page(b):
    return ""
